import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Answer } from '../api/request-json.ts';
import { type ApiKey, fetchKeys, makeKey, revokeKey } from './keys-api.ts';
import './keys-section.css';

/** Keys for clients of the API: made, shown once, revoked. */
export function KeysSection(): JSX.Element {
  const [keys, setKeys] = useState<readonly ApiKey[]>([]);
  const [name, setName] = useState('');
  const [made, setMade] = useState<{ readonly name: string; readonly key: string }>();
  const [problem, setProblem] = useState<string>();

  const load = useCallback(async () => {
    const answer = await fetchKeys();
    if (answer.ok) setKeys(answer.value);
    else setProblem(answer.refusal.message);
  }, []);
  useEffect(() => void load(), [load]);

  const settle = async <T,>(answer: Answer<T>): Promise<T | undefined> => {
    setProblem(answer.ok ? undefined : answer.refusal.message);
    if (!answer.ok) return undefined;
    await load();
    return answer.value;
  };
  const make = async (): Promise<void> => {
    const key = await settle(await makeKey(name.trim()));
    if (key === undefined) return;
    setMade(key);
    setName('');
  };
  const revoke = async (id: string): Promise<void> => {
    setMade(undefined);
    await settle(await revokeKey(id));
  };

  return (
    <section class="keys" aria-label="API keys">
      <h2>API keys</h2>
      <p class="small">For clients of the API under /v1. They open neither these pages nor the admin API.</p>
      {made && (
        <div class="outcome" role="status">
          <p>The key of {made.name}, shown this once:</p>
          <code class="new-key">{made.key}</code>
        </div>
      )}
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <ul>
        {keys.map((key) => (
          <li key={key.id} data-revoked={key.revoked_at !== null}>
            <span>
              <strong>{key.name}</strong> <code>{key.hint}</code> <span class="small">{standing(key)}</span>
            </span>
            {key.source === 'database' && key.revoked_at === null && (
              <button
                class="button"
                type="button"
                aria-label={`Revoke ${key.name}`}
                onClick={() => void revoke(key.id)}
              >
                Revoke
              </button>
            )}
          </li>
        ))}
      </ul>
      <form
        class="new-key-form"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <label>
          <span class="label">Name of the client</span>
          <input
            class="field-input"
            required
            maxLength={64}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <button class="button" type="submit">
          Make a key
        </button>
      </form>
    </section>
  );
}

function standing({ source, created_at, revoked_at }: ApiKey): string {
  if (revoked_at !== null) return `revoked ${new Date(revoked_at).toLocaleString()}`;
  if (source === 'configuration') return 'from the configuration';
  return created_at === null ? '' : `since ${new Date(created_at).toLocaleString()}`;
}
