import type { JSX } from 'preact';
import type { ConsoleInfo } from '../api/wire.ts';
import mark from '../assets/mark.svg';
import './header.css';
import { PAGES } from './pages.ts';
import type { Navigation } from './use-page.ts';

export interface HeaderProps {
  readonly info: ConsoleInfo | undefined;
  readonly navigation: Navigation;
  readonly state?: {
    readonly dot: 'idle' | 'moving' | 'good' | 'failed';
    readonly words: string /** Said instead where room is short. */;
    readonly short?: string;
  };
}

export function Header({ info, navigation, state }: HeaderProps): JSX.Element {
  return (
    <header class="header">
      <span class="wordmark">
        <img src={mark} alt="" />
        Ferry
      </span>
      <nav class="nav" aria-label="Pages">
        {PAGES.map(({ path, name }) => (
          <a
            key={path}
            href={path}
            aria-current={path === navigation.page ? 'page' : undefined}
            onClick={(event) => {
              // A click that asks for another tab or window is the browser's.
              if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
              event.preventDefault();
              navigation.go(path);
            }}
          >
            {name}
          </a>
        ))}
      </nav>
      <div class="header-state">
        {state && (
          <span>
            <span class="dot" data-state={state.dot} />
            <span class="wide-only">{state.words}</span>
            <span class="narrow-only">{state.short ?? state.words}</span>
          </span>
        )}
        {info && <Upstream {...info.upstream} />}
      </div>
    </header>
  );
}

function Upstream({ name, simulated }: ConsoleInfo['upstream']): JSX.Element {
  if (!simulated) return <span class="header-upstream">{name}</span>;
  return (
    <span
      class="header-upstream"
      title="Ferry runs its own upstream on this machine: real uploads, simple real edits, nothing leaves the machine."
    >
      simulated<span class="wide-only"> upstream</span>
    </span>
  );
}
