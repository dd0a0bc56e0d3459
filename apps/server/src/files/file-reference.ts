/** An image of a request that is not in it: its id, as a caller of ours knows it. */
export interface FileReference {
  /** From 0, among all images of the request. */
  readonly index: number;
  /** How errors name it: `images[1].file_id`. */
  readonly param: string;
  readonly id: string;
}
