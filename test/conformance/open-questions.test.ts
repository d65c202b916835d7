/* The open questions of questions.ts, asked of the local OSS: it answers each as this project reckons with. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backend, openLocal } from './backend.ts';
import { answerOf, prepare, questions } from './questions.ts';

describe('the open questions', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openLocal();
    await prepare(backend);
  });
  afterAll(() => backend?.close());

  it.each(questions)('the local OSS answers as this project assumes: $text', async (question) => {
    expect(await answerOf(question, backend)).toBe(question.local ?? question.assumed);
  });
});
