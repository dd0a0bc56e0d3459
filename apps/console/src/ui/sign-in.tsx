import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { signIn } from '../api/gateway.ts';

export interface SignInProps {
  /** Whether a key was tried and refused. */
  readonly refused: boolean;
  onSignedIn(): void;
}

/** Asks for the admin key, which is kept in this page's memory only. */
export function SignIn({ refused, onSignedIn }: SignInProps): JSX.Element {
  const [key, setKey] = useState('');
  return (
    <form
      class="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        signIn(key);
        onSignedIn();
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
      {refused && (
        <p class="problem" role="alert">
          Ferry refused this key. Look for the admin key in its configuration.
        </p>
      )}
      <p class="small">It is kept in this page's memory and forgotten when the page closes.</p>
      <button class="button button-primary" type="submit">
        Sign in
      </button>
    </form>
  );
}
