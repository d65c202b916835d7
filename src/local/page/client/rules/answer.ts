import { useEffect, useState } from 'preact/hooks';
import { readAlong } from '../live.ts';
import { sendToServer } from '../server.ts';

/**
 * The server's answer about what is edited, a moment after the last change; the previous answer until then,
 * and none where the server gave none.
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
