import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, it } from 'vitest';
import { reload } from './reload';

it('does not lose a message that comes during the first load', async () => {
  const cache = new QueryClient();
  const answers: ((orders: number) => void)[] = [];
  const queryFn = () => new Promise<number>((answer) => answers.push(answer));
  const observer = new QueryObserver(cache, { queryKey: ['orders'], queryFn });
  const stop = observer.subscribe(() => undefined);
  expect(answers).toHaveLength(1);

  const done = reload(cache, ['orders']);
  answers[0]?.(0);
  await expect.poll(() => answers.length).toBe(2);
  expect(observer.getCurrentResult().isPending).toBe(true);
  answers[1]?.(1);
  await done;
  expect(observer.getCurrentResult().data).toBe(1);
  stop();
});
