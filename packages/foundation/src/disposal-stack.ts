/**
 * Things to be disposed together, last first: what `AsyncDisposableStack` is from Node 24 on. Every one is disposed, also
 * when one before it throws; what was thrown is thrown then, as an `AggregateError` if it is several.
 */
export class DisposalStack implements AsyncDisposable {
  private things: (AsyncDisposable | Disposable)[] = [];

  /** Takes a thing in and gives it back. */
  use<Thing extends AsyncDisposable | Disposable>(thing: Thing): Thing {
    this.things.push(thing);
    return thing;
  }

  /** A new stack that holds everything; this one is empty then. */
  move(): DisposalStack {
    const moved = new DisposalStack();
    moved.things = this.things;
    this.things = [];
    return moved;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (let thing = this.things.pop(); thing !== undefined; thing = this.things.pop()) {
      try {
        await (Symbol.asyncDispose in thing ? thing[Symbol.asyncDispose]() : thing[Symbol.dispose]());
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} things could not be disposed.`);
  }
}
