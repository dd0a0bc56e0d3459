import { useEffect, useState } from 'preact/hooks';
import { loadPicture, pictureNow } from '../session/picture-store.ts';

/**
 * The URL of a stored picture: at once when it is in memory, a moment later when it comes from an earlier load of the page.
 * @returns undefined while it loads, and when it is gone.
 */
export function usePictureUrl(key: string | null): string | undefined {
  const [loaded, setLoaded] = useState<{ key: string; url: string }>();
  useEffect(() => {
    if (key === null || pictureNow(key)) return;
    let left = false;
    void loadPicture(key).then((picture) => {
      if (!left && picture) setLoaded({ key, url: picture.url });
    });
    return () => {
      left = true;
    };
  }, [key]);
  if (key === null) return undefined;
  return pictureNow(key)?.url ?? (loaded?.key === key ? loaded.url : undefined);
}
