/** What callers may wish of an edit beside model, prompt and n, in the words of OpenAI's images API. */
export interface RequestedOptions {
  /** `auto` or `WIDTHxHEIGHT`, in pixels. */
  readonly size?: string;
  /** `auto`, `low`, `medium`, `high`, and what else OpenAI knows. */
  readonly quality?: string;
  /** `auto`, `opaque` or `transparent`. */
  readonly background?: string;
  /** `low` or `high`. */
  readonly input_fidelity?: string;
  /** Who the caller acts for, as an opaque name. */
  readonly user?: string;
}
