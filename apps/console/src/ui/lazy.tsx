import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** What there is of the code of a page. A closed set. */
type Code<P> =
  | { readonly is: 'on-its-way' }
  | { readonly is: 'there'; readonly Page: ComponentType<P> }
  | { readonly is: 'missing' };

/**
 * A page whose code comes when it is first looked at.
 * @param Missing stands in its place when the code does not come: its name is that of another version after an upgrade.
 */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  Missing: ComponentType<P>,
): (props: P) => JSX.Element | null {
  let loaded: Code<P> = { is: 'on-its-way' };
  return function Lazy(props) {
    const [code, setCode] = useState(loaded);
    useEffect(() => {
      if (loaded.is === 'there') return;
      load().then(
        (Page) => {
          loaded = { is: 'there', Page };
          setCode(loaded);
        },
        () => setCode({ is: 'missing' }),
      );
    }, []);
    switch (code.is) {
      case 'on-its-way':
        return null;
      case 'there':
        return <code.Page {...props} />;
      case 'missing':
        return <Missing {...props} />;
      default:
        return code satisfies never;
    }
  };
}
