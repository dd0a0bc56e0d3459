import type { JSX } from 'preact';

/** A sentence in which what stands between backticks is code. */
export function Words({ text }: { readonly text: string }): JSX.Element {
  return (
    <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code key={part}>{part}</code> : part))}</>
  );
}
