const ENDINGS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/gif': 'gif',
};

/** A file name for a result, after its original: `coffee.jpg` gives `coffee-edited-2.png`. Editing again adds nothing more. */
export function outputName(original: string, index: number, mimeType: string): string {
  const stem = original.replace(/\.[^.]*$/, '').replace(/-edited(-\d+)?$/, '') || 'image';
  const number = index > 0 ? `-${index + 1}` : '';
  return `${stem}-edited${number}.${ENDINGS[mimeType] ?? 'png'}`;
}
