import { useEffect, useState } from 'preact/hooks';
import { readAlong } from '../live.ts';
import { sendToServer } from '../server.ts';

/**
 * The server's answer about the edited text, shortly after the last change. Until then it is the previous
 * answer; undefined if the server gave none.
 */
export function useAnswer<T>(path: string, question: object | undefined): T | undefined {
  const [answer, setAnswer] = useState<T>();
  useEffect(() => {
    if (question === undefined) {
      return setAnswer(undefined);
    }
    const read = () => sendToServer<T>('POST', path, question);
    const fail = (error: unknown) => {
      setAnswer(undefined);
      throw error;
    };
    return readAlong({ read, take: setAnswer, fail, firstMs: 200 });
  }, [JSON.stringify(question)]);
  return answer;
}
