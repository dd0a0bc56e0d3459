import type { JSX } from 'preact';

const PATHS = {
  plus: 'M8 2v12M2 8h12',
  cross: 'M3 3l10 10M13 3L3 13',
  download: 'M8 2v8M4.5 7L8 10.5 11.5 7M2 14h12',
  input: 'M2 8h9M7.5 4.5L11 8l-3.5 3.5M14 2v12',
  link: 'M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 014.5 4.5L11.5 9M9 11.5L7.5 13A3 3 0 013 8.5L4.5 7',
} as const;

/** A line drawing of 16 px in the colour of the text around it. It says nothing by itself: name the control. */
export function Icon({ name }: { name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg viewBox="0 0 16 16" class="icon" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
