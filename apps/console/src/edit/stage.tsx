import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Compare } from '../compare/compare.tsx';
import { usePictureUrl } from '../ui/use-picture.ts';
import { type EditorState, shownRun } from './editor.ts';

/** The large picture: the input alone, or the result beside its original. */
export function Stage({ state }: { state: EditorState }): JSX.Element {
  const run = shownRun(state);
  const inputs = run?.inputs ?? state.inputs;
  const input = inputs[state.shown.input] ?? inputs[0];
  const output = run?.outputs[state.shown.output];
  const original = usePictureUrl(input?.picture ?? null);
  const kept = usePictureUrl(output?.picture ?? null);
  const edited = output && (kept ?? output.url ?? undefined);

  if (original && edited) {
    return (
      <figure class="stage">
        <Compare key={edited} original={original} edited={edited} alt={input?.name ?? ''} />
      </figure>
    );
  }
  const alone = edited ?? original;
  return (
    <figure class="stage" data-state={run?.progress.outcome}>
      {alone ? (
        <Single key={alone} url={alone} alt={input?.name ?? ''} />
      ) : (
        <p class="small">The picture to edit appears here.</p>
      )}
    </figure>
  );
}

function Single({ url, alt }: { url: string; alt: string }): JSX.Element {
  const [ratio, setRatio] = useState(1.5);
  const [unreadable, setUnreadable] = useState(false);
  if (unreadable) {
    return (
      <p class="small">
        This browser cannot show <bdi>{alt}</bdi>.
      </p>
    );
  }
  return (
    <div class="single" style={{ '--ratio': String(ratio) }}>
      <img
        src={url}
        alt={alt}
        draggable={false}
        onError={() => setUnreadable(true)}
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
          naturalHeight > 0 && setRatio(naturalWidth / naturalHeight)
        }
      />
    </div>
  );
}
