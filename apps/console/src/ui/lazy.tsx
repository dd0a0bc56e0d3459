import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** A page whose code comes when it is first looked at. */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
): (props: P) => JSX.Element | null {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props) {
    const [Page, setPage] = useState<{ readonly it: ComponentType<P> } | undefined>(loaded && { it: loaded });
    useEffect(() => {
      if (Page !== undefined) return;
      void load().then((it) => {
        loaded = it;
        setPage({ it });
      });
    }, [Page]);
    return Page === undefined ? null : <Page.it {...props} />;
  };
}
