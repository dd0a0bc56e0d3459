/** The edit page's effects: files in, the request out, storage beside them. Decisions live in the reducer and the checks. */
import { useCallback, useEffect, useMemo, useReducer, useRef } from 'preact/hooks';
import { type EditSignal, type RunningEdit, startEdit } from '../api/edit-request.ts';
import { fetchPicture, localFailure } from '../api/gateway.ts';
import type { ConsoleInfo, EditResult, ResultImage } from '../api/wire.ts';
import sampleUrl from '../assets/sample-coffee.jpg';
import { dropPicture, loadPicture, putPicture, sweepPictures } from '../session/picture-store.ts';
import { randomId } from '../session/random-id.ts';
import { loadSession, saveSession } from '../session/session-state.ts';
import { fileProblem, fitCount, formProblems, HEAD_BYTES, imageType } from './checks.ts';
import {
  type EditorAction,
  type EditorState,
  EMPTY_EDITOR,
  editor,
  type InputImage,
  type OutputImage,
  picturesOf,
  runningRun,
} from './editor.ts';

const SAMPLE_PROMPT = 'A watercolour of this cup in soft morning light';

export interface Editor {
  readonly state: EditorState;
  dispatch(action: EditorAction): void;
  /** Adds files as inputs; with `replace`, the first one takes that input's place. */
  addFiles(files: readonly File[], replace?: number): Promise<void>;
  /** Sends the form, unless something is known to be wrong with it. */
  edit(): Promise<void>;
  cancel(): void;
  useAsInput(output: OutputImage, name: string): Promise<void>;
}

export function useEditor(info: ConsoleInfo): Editor {
  const [state, dispatch] = useReducer(editor, undefined, initialState);
  // Handlers that outlive a render must see the state as it is, not as it was.
  const latest = useRef(state);
  latest.current = state;
  const running = useRef<RunningEdit | undefined>(undefined);
  const starting = useRef(false);

  useFirstVisit(dispatch, latest);
  useSaving(state);

  const addFiles = useCallback(
    async (files: readonly File[], replace?: number) => {
      const { inputs, problem } = await readFiles(files, info);
      const [first, ...rest] = inputs;
      let added = inputs;
      if (replace !== undefined && first && latest.current.inputs[replace]) {
        dispatch({ type: 'input-replaced', index: replace, input: first });
        added = rest;
        if (rest.length === 0 && problem === undefined) return;
      }
      const fit = fitCount(latest.current.inputs.length, added, info.limits);
      for (const { picture } of added.slice(fit.taken.length)) dropPicture(picture);
      dispatch({ type: 'inputs-added', inputs: fit.taken, problem: problem ?? fit.problem });
    },
    [info],
  );

  const send = useCallback(async () => {
    const { prompt, model, n, reuse, inputs } = latest.current;
    const known = info.models.some(({ id, aliases }) => id === model || aliases.includes(model));
    const form = { prompt, model: known ? model : info.defaultModel, n: Math.min(n, info.limits.nMax) };
    const problems = formProblems({ ...form, images: inputs.length }, info.limits);
    const pictures = await Promise.all(inputs.map((input) => loadPicture(input.picture)));
    const gone = inputs.find((_, i) => pictures[i] === undefined);
    if (gone) {
      dispatch({
        type: 'problems',
        problems: { ...problems, images: `${gone.name} is no longer here: add it again.` },
      });
      return;
    }
    if (Object.keys(problems).length > 0) {
      dispatch({ type: 'problems', problems });
      return;
    }
    const id = randomId();
    dispatch({ type: 'started', run: { id, ...form, inputs, startedAt: Date.now() } });
    const images = inputs.flatMap(({ name }, i) => {
      const blob = pictures[i]?.blob;
      return blob ? [{ name, blob }] : [];
    });
    const hear = (signal: EditSignal): void => {
      if (signal.event === 'result') void keepResult(id, signal.result, dispatch);
      else dispatch({ type: 'heard', run: id, signal });
    };
    running.current = startEdit({ ...form, reuse, images }, hear);
  }, [info]);

  const edit = useCallback(async () => {
    // Fetching the pictures takes a moment, in which Ctrl+Enter may come twice.
    if (starting.current || runningRun(latest.current)) return;
    starting.current = true;
    await send().finally(() => {
      starting.current = false;
    });
  }, [send]);

  const cancel = useCallback(() => {
    const run = runningRun(latest.current);
    if (!run) return;
    running.current?.cancel();
    dispatch({ type: 'heard', run: run.id, signal: { event: 'cancelled' } });
  }, []);

  const useAsInput = useCallback(async (output: OutputImage, name: string) => {
    const picture = output.picture === null ? undefined : await loadPicture(output.picture);
    if (!picture) {
      dispatch({
        type: 'notice',
        notice: 'The picture itself could not be fetched: download it and add it.',
      });
      return;
    }
    // A key of its own: the run keeps its picture when this input is removed.
    const input = { id: randomId(), name, bytes: picture.blob.size, picture: putPicture(picture.blob) };
    dispatch({ type: 'inputs-replaced', inputs: [input] });
  }, []);

  return useMemo(
    () => ({ state, dispatch, addFiles, edit, cancel, useAsInput }),
    [state, addFiles, edit, cancel, useAsInput],
  );
}

function initialState(): EditorState {
  const saved = loadSession<EditorState>();
  if (!saved) return { ...EMPTY_EDITOR, prompt: SAMPLE_PROMPT };
  return editor(saved, { type: 'loaded', failure: localFailure('reloaded') });
}

/** The first visit has a photograph ready to edit; a session that was emptied stays empty. */
function useFirstVisit(dispatch: (action: EditorAction) => void, latest: { current: EditorState }): void {
  useEffect(() => {
    void sweepPictures(picturesOf(latest.current));
    if (loadSession() !== undefined) return;
    let left = false;
    void fetchPicture(sampleUrl).then((blob) => {
      if (left || !blob || latest.current.inputs.length > 0) return;
      const input = { id: randomId(), name: 'coffee.jpg', bytes: blob.size, picture: putPicture(blob) };
      dispatch({ type: 'inputs-added', inputs: [input], problem: undefined });
    });
    return () => {
      left = true;
    };
  }, [dispatch, latest]);
}

/** Saves what a reload should find, and drops pictures that nothing shows any more. */
function useSaving(state: EditorState): void {
  const kept = useRef<Set<string>>(new Set());
  useEffect(() => {
    saveSession(state);
    const needed = picturesOf(state);
    for (const key of kept.current) if (!needed.has(key)) dropPicture(key);
    kept.current = needed;
  }, [state]);
}

async function readFiles(
  files: readonly File[],
  info: ConsoleInfo,
): Promise<{ inputs: InputImage[]; problem: string | undefined }> {
  const inputs: InputImage[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
    const problem = fileProblem({ name: file.name, size: file.size, head }, info.limits);
    if (problem !== undefined) {
      problems.push(problem);
      continue;
    }
    // The type by its bytes: a picture pasted or renamed may declare none, or another.
    const blob = new Blob([file], { type: imageType(head) ?? file.type });
    inputs.push({ id: randomId(), name: file.name, bytes: file.size, picture: putPicture(blob) });
  }
  return { inputs, problem: problems.length > 0 ? problems.join(' ') : undefined };
}

async function keepResult(
  run: string,
  result: EditResult,
  dispatch: (action: EditorAction) => void,
): Promise<void> {
  const outputs = await Promise.all(result.images.map(keepImage));
  dispatch({ type: 'arrived', run, result, outputs });
}

async function keepImage(image: ResultImage): Promise<OutputImage> {
  const { url, base64, mimeType, revisedPrompt } = image;
  const blob =
    base64 !== null ? fromBase64(base64, mimeType) : url !== null ? await fetchPicture(url) : undefined;
  return { picture: blob ? putPicture(blob) : null, url, mimeType, revisedPrompt };
}

function fromBase64(base64: string, type: string): Blob | undefined {
  try {
    return new Blob([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], { type });
  } catch {
    return undefined;
  }
}
