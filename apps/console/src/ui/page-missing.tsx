import type { JSX } from 'preact';
import type { ConsoleInfo } from '../api/wire.ts';
import { Header } from './header.tsx';
import type { Navigation } from './use-page.ts';

export interface PageMissingProps {
  readonly info: ConsoleInfo;
  readonly navigation: Navigation;
}

/** Stands in the place of a page whose code did not come. What was begun on the others survives the reload. */
export function PageMissing({ info, navigation }: PageMissingProps): JSX.Element {
  return (
    <>
      <Header info={info} navigation={navigation} />
      <main class="message">
        <h1>This page could not be loaded</h1>
        <p role="alert">
          Ferry was upgraded since you opened it, or it cannot be reached right now. Reload to get the page as
          it is.
        </p>
        <button class="button button-primary" type="button" onClick={() => window.location.reload()}>
          Reload
        </button>
      </main>
    </>
  );
}
