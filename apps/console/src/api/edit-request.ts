import { decodeEditEvent, decodeFailure, decodeResult } from './decode.ts';
import { eventStreamParser } from './event-stream.ts';
import { localFailure } from './gateway.ts';
import type { EditEvent } from './wire.ts';

/** Whether this request's uploads share connections; `default` leaves it to the gateway's configuration. */
export type Reuse = 'default' | 'off' | 'on';

export interface EditForm {
  readonly prompt: string;
  readonly model: string;
  readonly n: number;
  readonly reuse: Reuse;
  readonly images: readonly { readonly name: string; readonly blob: Blob }[];
}

/** What is heard of an edit: bytes leaving this page, then the gateway's own events. */
export type EditSignal =
  | { readonly event: 'sent'; readonly bytes: number; readonly total: number }
  | EditEvent;

export interface RunningEdit {
  /** Ends the request; the gateway stops its uploads when the connection goes away. No further signal is heard. */
  cancel(): void;
}

/**
 * Posts the form and hears the whole edit on that one exchange: `upload.onprogress` counts the bytes to Ferry, and the
 * answer is a server-sent event stream about everything behind it. XMLHttpRequest because fetch() cannot report the
 * progress of an upload. The last signal is `result` or `failed`, exactly once, unless cancelled.
 */
export function startEdit(form: EditForm, hear: (signal: EditSignal) => void): RunningEdit {
  const request = new XMLHttpRequest();
  const parse = eventStreamParser();
  let read = 0;
  let settled = false;
  let bodySent = false;

  const say = (signal: EditSignal): void => {
    if (settled) return;
    settled = signal.event === 'result' || signal.event === 'failed';
    hear(signal);
  };

  const readStream = (): void => {
    const text = request.responseText;
    for (const { name, data } of parse(text.slice(read))) {
      const event = decodeEditEvent(name, parseJson(data));
      if (event) say(event);
    }
    read = text.length;
  };

  const isStream = (): boolean =>
    request.status === 200 &&
    (request.getResponseHeader('content-type') ?? '').startsWith('text/event-stream');

  request.upload.onprogress = ({ loaded, total }) => say({ event: 'sent', bytes: loaded, total });
  request.upload.onload = ({ loaded, total }) => {
    bodySent = true;
    say({ event: 'sent', bytes: loaded, total });
  };
  request.onprogress = () => {
    if (isStream()) readStream();
  };
  request.onload = () => {
    if (isStream()) {
      readStream();
      say({ event: 'failed', failure: localFailure('connection_lost_waiting') });
      return;
    }
    const body = parseJson(request.responseText);
    if (request.status >= 400) say({ event: 'failed', failure: decodeFailure(request.status, body) });
    else if (body === undefined) say({ event: 'failed', failure: localFailure('bad_answer') });
    else say({ event: 'result', result: decodeResult(body) });
  };
  request.onerror = () => {
    if (isStream()) readStream();
    const code = bodySent || read > 0 ? 'connection_lost_waiting' : 'connection_lost_sending';
    say({ event: 'failed', failure: localFailure(code) });
  };

  request.open('POST', '/api/v1/admin/img2img');
  request.setRequestHeader('accept', 'text/event-stream');
  request.send(formData(form));

  return {
    cancel: () => {
      settled = true;
      request.abort();
    },
  };
}

/** Fields before files: the gateway starts the first upload as soon as it knows the model. */
function formData(form: EditForm): FormData {
  const data = new FormData();
  data.append('prompt', form.prompt);
  data.append('model', form.model);
  data.append('n', String(form.n));
  if (form.reuse !== 'default') data.append('reuse_session', String(form.reuse === 'on'));
  for (const { name, blob } of form.images) data.append('image', blob, name);
  return data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
