import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { type ConsoleInfoAnswer, fetchConsoleInfo, onSignedOut } from '../api/gateway.ts';
import { EditPage } from '../edit/edit-page.tsx';
import { explainFailure } from '../edit/explain.ts';
import { SettingsPage } from '../settings/settings-page.tsx';
import './app.css';
import { Header } from './header.tsx';
import { lazy } from './lazy.tsx';
import { PageMissing } from './page-missing.tsx';
import { PAGES } from './pages.ts';
import { SignIn } from './sign-in.tsx';
import { usePage } from './use-page.ts';

/** With the charts it is as large as the rest of the console. */
const StatusPage = lazy(async () => (await import('../status/status-page.tsx')).StatusPage, PageMissing);

/** How long to wait before asking again a gateway that did not answer. */
const ASK_AGAIN_MS = 2000;

export function App(): JSX.Element {
  const [answer, setAnswer] = useState<ConsoleInfoAnswer>();
  const [asked, setAsked] = useState(0);
  const ask = useCallback(() => setAsked((times) => times + 1), []);
  const navigation = usePage();
  const { page } = navigation;

  useEffect(() => {
    let left = false;
    let timer: number | undefined;
    void fetchConsoleInfo().then((next) => {
      if (left) return;
      setAnswer(next);
      if (!next.ok && next.failure.status !== 401) timer = window.setTimeout(ask, ASK_AGAIN_MS);
    });
    return () => {
      left = true;
      window.clearTimeout(timer);
    };
  }, [asked, ask]);
  useEffect(() => onSignedOut(ask), [ask]);
  useEffect(() => {
    document.title = `${PAGES.find(({ path }) => path === page)?.name} · Ferry`;
  }, [page]);

  if (answer?.ok) {
    return (
      <>
        <EditPage info={answer.info} navigation={navigation} />
        {page === '/admin/status' && <StatusPage info={answer.info} navigation={navigation} />}
        {page === '/admin/settings' && <SettingsPage info={answer.info} navigation={navigation} />}
      </>
    );
  }
  return (
    <>
      <Header info={undefined} navigation={navigation} />
      {answer && <Unavailable answer={answer} ask={ask} />}
    </>
  );
}

interface UnavailableProps {
  readonly answer: Extract<ConsoleInfoAnswer, { ok: false }>;
  ask(): void;
}

function Unavailable({ answer: { failure }, ask }: UnavailableProps): JSX.Element {
  const { title, detail, advice } = explainFailure(failure);
  return (
    <main class="message">
      <h1>{title}</h1>
      {failure.status === 401 ? (
        <SignIn onSignedIn={ask} />
      ) : (
        <p role="alert">
          {detail} {advice}
        </p>
      )}
    </main>
  );
}
