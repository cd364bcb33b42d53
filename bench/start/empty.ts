/** Nothing: what `deno run` takes by itself. */
