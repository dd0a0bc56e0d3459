/** What a server lets be sent to it before it acknowledges, in bytes. */
export interface Windows {
  readonly stream: number;
  readonly connection: number;
}

/** Large enough that flow control is not what is measured; Node's default of 64 KiB would be. */
export const WINDOWS: Windows = { stream: 1024 * 1024, connection: 16 * 1024 * 1024 };
