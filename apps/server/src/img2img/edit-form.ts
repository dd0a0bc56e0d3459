import type { RequestedOptions } from '@ferry/providers';
import type { Config } from '../config/schema.ts';
import type { FileReference } from '../files/file-reference.ts';
import type { IntakeForm } from './image-intake.ts';
import type { ReceivedForm } from './received-form.ts';
import type { RequestedRoute } from './requested-route.ts';

/** What a request asks for, whatever its endpoint and its words. */
export interface RequestedEdit extends RequestedRoute {
  readonly prompt: string;
  /** How many results. */
  readonly n: number;
  readonly response_format: 'url' | 'b64_json';
  /** Whether its words ask for events; an endpoint that does not know it never says. */
  readonly stream?: boolean;
  /** Further wishes in OpenAI's words. */
  readonly options?: RequestedOptions;
  /** The type of the results; absent, as the upstream makes them. */
  readonly output?: OutputFormat | undefined;
}

export interface OutputFormat {
  readonly format: 'png' | 'jpeg' | 'webp';
  /** Of JPEG and WebP: 0 to 100, where 100 is the best quality. */
  readonly quality?: number | undefined;
}

export interface ReceivedEdit extends ReceivedForm {
  /** Images that earlier requests have uploaded. */
  readonly files: readonly FileReference[];
}

/** How an endpoint words its edits. */
export interface EditForm extends IntakeForm<ReceivedEdit> {
  /** The field of the images, as errors name it. */
  readonly imageField: string;
  /** @throws GatewayError 400 that names the first field at fault. */
  parse(fields: ReadonlyMap<string, string>): RequestedEdit;
}

/** The words depend on limits, which are settings. */
export type EditFormOf = (config: Config) => EditForm;
