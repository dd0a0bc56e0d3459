import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { signIn } from '../api/gateway.ts';
import type { Failure } from '../api/wire.ts';
import { explainFailure } from '../edit/explain.ts';

export interface SignInProps {
  onSignedIn(): void;
}

/** Asks for the admin key and forgets it: the browser keeps a session in its place. */
export function SignIn({ onSignedIn }: SignInProps): JSX.Element {
  const [key, setKey] = useState('');
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);

  const submit = async (): Promise<void> => {
    setBusy(true);
    const problem = await signIn(key);
    setBusy(false);
    setFailure(problem);
    if (problem === undefined) onSignedIn();
  };

  return (
    <form
      class="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label>
        <span class="label">Admin key</span>
        <input
          class="field-input"
          type="password"
          autocomplete="current-password"
          required
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      {failure && (
        <p class="problem" role="alert">
          {words(failure)}
        </p>
      )}
      <p class="small">The key is not kept: this browser gets a session that no script can read.</p>
      <button class="button button-primary" type="submit" disabled={busy}>
        Sign in
      </button>
    </form>
  );
}

function words(failure: Failure): string {
  if (failure.status === 401) return 'Ferry refused this key. Look for the admin key in its configuration.';
  const { detail, advice } = explainFailure(failure);
  return `${detail} ${advice}`;
}
