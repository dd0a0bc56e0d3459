import { describe, expect, it } from 'vitest';
import type { Failure } from '../api/wire.ts';
import {
  arrivals,
  type EditorAction,
  type EditorState,
  EMPTY_EDITOR,
  editor,
  type InputImage,
  MAX_RUNS,
  picturesOf,
  runningRun,
} from './editor.ts';

const input = (id: string): InputImage => ({ id, name: `${id}.jpg`, bytes: 100, picture: `p-${id}` });
const after = (...actions: EditorAction[]): EditorState => actions.reduce(editor, EMPTY_EDITOR);
const added = (...ids: string[]): EditorAction => ({
  type: 'inputs-added',
  inputs: ids.map(input),
  problem: undefined,
});
const started = (id: string): EditorAction => ({
  type: 'started',
  run: { id, prompt: 'p', model: 'm', inputs: [input('a')], startedAt: 0 },
});
const failure = (change: Partial<Failure> = {}): Failure => ({
  status: 400,
  message: '',
  code: '',
  param: null,
  attempts: [],
  ...change,
});
const names = (state: EditorState) => state.inputs.map(({ id }) => id);

describe('the images to edit', () => {
  it('are added behind those that are there, and the first new one is shown', () => {
    const state = after(added('a'), added('b', 'c'));
    expect(names(state)).toEqual(['a', 'b', 'c']);
    expect(state.shown).toEqual({ run: null, output: 0, input: 1 });
  });

  it('can be replaced in place, and that can be undone', () => {
    const state = after(added('a', 'b'), { type: 'input-replaced', index: 0, input: input('c') });
    expect(names(state)).toEqual(['c', 'b']);
    expect(picturesOf(state)).toContain('p-a');
    expect(names(editor(state, { type: 'undone' }))).toEqual(['a', 'b']);
  });

  it('can be removed, and that can be undone', () => {
    const state = after(added('a', 'b'), { type: 'input-removed', index: 0 });
    expect(names(state)).toEqual(['b']);
    expect(state.notice).toBe('a.jpg removed.');
    expect(names(editor(state, { type: 'undone' }))).toEqual(['a', 'b']);
  });
});

describe('problems beside the inputs', () => {
  it('go away when the input that caused them changes, and only those', () => {
    const state = after(
      { type: 'problems', problems: { prompt: 'empty', images: 'none' } },
      { type: 'form', change: { prompt: 'x' } },
    );
    expect(state.problems).toEqual({ images: 'none' });
    expect(editor(state, added('a')).problems).toEqual({});
  });

  it('come from the gateway too when it names an input', () => {
    const state = after(added('a'), started('r'), {
      type: 'heard',
      run: 'r',
      signal: {
        event: 'failed',
        failure: failure({ param: 'image', code: 'invalid_image', message: 'a.jpg is cut off' }),
      },
    });
    expect(state.problems.images).toBe('a.jpg is cut off. Drop another file on its thumbnail, or remove it.');
    expect(state.runs[0]?.failure?.code).toBe('invalid_image');
  });
});

describe('the edits of a session', () => {
  it('are shown newest first, and the oldest leave with their pictures', () => {
    const ids = Array.from({ length: MAX_RUNS + 2 }, (_, i) => `r${i}`);
    const state = after(...ids.map(started));
    expect(state.runs).toHaveLength(MAX_RUNS);
    expect(state.runs[0]?.id).toBe(ids.at(-1));
    expect(state.shown.run).toBe(ids.at(-1));
  });

  it('keep their pictures until nothing shows them', () => {
    const state = after(started('r'), {
      type: 'arrived',
      run: 'r',
      result: { model: 'm2', images: [], uploads: [], durationMs: 5 },
      outputs: [{ picture: 'out', url: null, mimeType: 'image/png', revisedPrompt: null }],
    });
    expect([...picturesOf(state)].sort()).toEqual(['out', 'p-a']);
    expect(state.runs[0]).toMatchObject({ model: 'm2', progress: { outcome: 'done' } });
    expect(arrivals(state)).toEqual({ arrived: 1, known: 1 });
  });

  it('stay cancelled when the result comes too late', () => {
    const state = after(
      started('r'),
      { type: 'heard', run: 'r', signal: { event: 'cancelled' } },
      {
        type: 'arrived',
        run: 'r',
        result: { model: 'm', images: [], uploads: [], durationMs: 5 },
        outputs: [{ picture: 'out', url: null, mimeType: 'image/png', revisedPrompt: null }],
      },
    );
    expect(state.runs[0]).toMatchObject({ outputs: [], progress: { outcome: 'cancelled' } });
  });

  it('survive a reload as JSON; one that was under way says what became of it', () => {
    const before = after(added('a'), { type: 'form', change: { prompt: 'warm' } }, started('r'));
    expect(runningRun(before)?.id).toBe('r');
    const restored = JSON.parse(JSON.stringify(before)) as EditorState;
    expect(restored).toEqual(before);
    const state = editor(restored, { type: 'loaded', failure: failure({ status: 0, code: 'reloaded' }) });
    expect(runningRun(state)).toBeUndefined();
    expect(state.runs[0]).toMatchObject({ failure: { code: 'reloaded' }, progress: { outcome: 'failed' } });
    expect(state).toMatchObject({ prompt: 'warm', inputs: [{ id: 'a' }] });
  });
});
