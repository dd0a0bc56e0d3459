import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

/** A small picture, or words where the browser cannot show it: the gateway may still be able to read it. */
export function Preview({ url }: { url: string | undefined }): JSX.Element | null {
  const [unreadable, setUnreadable] = useState<string>();
  if (url === undefined) return null;
  if (unreadable === url) return <span class="no-preview">no preview</span>;
  return <img src={url} alt="" draggable={false} onError={() => setUnreadable(url)} />;
}
