import { type Answer, jsonAnswer } from './answer.ts';

/** OpenAI's list of models, which xAI has too. */
export function modelsAnswer(models: readonly string[]): Answer {
  const owned = { object: 'model', created: 1_760_000_000, owned_by: 'ferry-upstream-sim' };
  return jsonAnswer(200, { object: 'list', data: models.map((id) => ({ id, ...owned })) });
}
