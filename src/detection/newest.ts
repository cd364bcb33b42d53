/**
 * Frames that come faster than they can be looked at.
 *
 * @module
 */

/** The newest element at hand each time one is wanted; those that came in between are dropped, the last never is. */
export async function* newest<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let latest: { readonly value: T } | undefined;
  let ended = false;
  let wake = Promise.withResolvers<void>();
  const pump = (async () => {
    try {
      while (!ended) {
        const { done, value } = await iterator.next();
        if (done) break;
        latest = { value };
        wake.resolve();
        await turn(); // a source that never waits would keep everybody else from running
      }
    } finally {
      ended = true;
      wake.resolve();
    }
  })();
  pump.catch(() => {}); // a source that fails while a frame is looked at is reported when the next is wanted
  try {
    for (;;) {
      await wake.promise;
      wake = Promise.withResolvers();
      if (ended) wake.resolve();
      if (latest) {
        const { value } = latest;
        latest = undefined;
        yield value;
        await turn(); // what came while the reader was busy is taken in first
      } else if (ended) {
        return await pump;
      }
    }
  } finally {
    if (!ended) await iterator.return?.();
    ended = true;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
