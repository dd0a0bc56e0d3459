import type { JSX, TargetedPointerEvent } from 'preact';
import { useState } from 'preact/hooks';
import './compare.css';
import { afterKey, atPointer } from './position.ts';

export interface CompareProps {
  readonly original: string;
  readonly edited: string;
  readonly alt: string;
}

/**
 * Two pictures in one place with a handle between them: original left, edited right. Holding the picture, or Space on the
 * handle, shows the whole original for as long as it is held.
 */
export function Compare({ original, edited, alt }: CompareProps): JSX.Element {
  const [percent, setPercent] = useState(50);
  const [heldBy, setHeldBy] = useState<'pointer' | 'key'>();
  const [ratio, setRatio] = useState(1.5);
  const held = heldBy !== undefined;
  const shown = held ? 100 : percent;

  const drag = (event: TargetedPointerEvent<HTMLElement>): void => {
    const box = event.currentTarget.parentElement?.getBoundingClientRect();
    if (box && event.currentTarget.hasPointerCapture(event.pointerId)) {
      setPercent(atPointer(event.clientX, box));
    }
  };
  // Each releases its own: pressing on the picture blurs the handle, which must not end the pointer's hold.
  const release = () => setHeldBy((by) => (by === 'pointer' ? undefined : by));
  const releaseKey = () => setHeldBy((by) => (by === 'key' ? undefined : by));

  return (
    <fieldset
      class="compare"
      aria-label="Original and edited"
      style={{ '--ratio': String(ratio), '--at': `${shown}%` }}
      onPointerDown={(event) => event.button === 0 && setHeldBy('pointer')}
      onPointerUp={release}
      onPointerCancel={release}
      onPointerLeave={release}
      onContextMenu={(event) => held && event.preventDefault()}
    >
      <img class="compare-original" src={original} alt={`Original: ${alt}`} draggable={false} />
      <img
        class="compare-edited"
        src={edited}
        alt={`Edited: ${alt}`}
        draggable={false}
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
          naturalHeight > 0 && setRatio(naturalWidth / naturalHeight)
        }
      />
      <span class="compare-name compare-name-original" aria-hidden="true">
        original
      </span>
      <span class="compare-name compare-name-edited" aria-hidden="true" data-hidden={held}>
        edited
      </span>
      <div
        class="compare-handle"
        data-hidden={held}
        role="slider"
        tabIndex={0}
        aria-label="Compare original and edited"
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(percent)}
        aria-valuetext={`${Math.round(percent)} % original`}
        onPointerDown={(event) => {
          event.stopPropagation();
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={drag}
        onKeyDown={(event) => {
          const next = afterKey(percent, event.key, event.shiftKey);
          if (next !== undefined) setPercent(next);
          else if (event.key === ' ') setHeldBy('key');
          else return;
          event.preventDefault();
        }}
        onKeyUp={(event) => event.key === ' ' && releaseKey()}
        onBlur={releaseKey}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M9 7l-5 5 5 5M15 7l5 5-5 5" />
        </svg>
      </div>
    </fieldset>
  );
}
