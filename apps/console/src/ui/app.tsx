import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { type ConsoleInfoAnswer, fetchConsoleInfo } from '../api/gateway.ts';
import { EditPage } from '../edit/edit-page.tsx';
import { explainFailure } from '../edit/explain.ts';
import './app.css';
import { Header } from './header.tsx';
import { SignIn } from './sign-in.tsx';

/** How long to wait before asking again a gateway that did not answer. */
const ASK_AGAIN_MS = 2000;

export function App(): JSX.Element {
  const [answer, setAnswer] = useState<ConsoleInfoAnswer>();
  const [asked, setAsked] = useState(0);
  const ask = useCallback(() => setAsked((times) => times + 1), []);

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

  if (answer?.ok) return <EditPage info={answer.info} />;
  return (
    <>
      <Header info={undefined} />
      {answer && <Unavailable answer={answer} ask={ask} refused={asked > 0} />}
    </>
  );
}

interface UnavailableProps {
  readonly answer: Extract<ConsoleInfoAnswer, { ok: false }>;
  readonly refused: boolean;
  ask(): void;
}

function Unavailable({ answer: { failure }, ask, refused }: UnavailableProps): JSX.Element {
  const { title, detail, advice } = explainFailure(failure);
  return (
    <main class="message">
      <h1>{title}</h1>
      {failure.status === 401 ? (
        <SignIn refused={refused} onSignedIn={ask} />
      ) : (
        <p role="alert">
          {detail} {advice}
        </p>
      )}
    </main>
  );
}
