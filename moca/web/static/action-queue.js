// Stores what is done in the list and undone one after the other, so that nothing overtakes what came before.

let earlier = Promise.resolve();

// Whatever fails is left behind: the next one still runs.
export function runNext(action, onFailure) {
  earlier = earlier.then(action).catch(onFailure);
}
