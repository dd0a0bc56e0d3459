/** What a request says about where its images go. */
export interface RequestedRoute {
  readonly model?: string | undefined;
  readonly reuse_session?: boolean | undefined;
}
