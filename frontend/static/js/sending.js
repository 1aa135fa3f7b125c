// How files are sent: a few at a time, again where the line broke, and what is said where the portal refuses.
export const AT_ONCE = 4;
const TRIES = 3;

// Run tasks, at most `limit` at a time; a task that fails stops none of the others.
export async function runQueue(tasks, limit = AT_ONCE) {
  const results = new Array(tasks.length);
  let next = 0;
  const work = async () => {
    while (next < tasks.length) {
      const mine = next++;
      try {
        results[mine] = { ok: true, value: await tasks[mine]() };
      } catch (error) {
        results[mine] = { ok: false, error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, tasks.length) }, work));
  return results;
}

// A break in the line is tried again: the same name with the same bytes is the same file to the portal.
export async function withTries(send, tries = TRIES) {
  for (let left = tries; ; left--) {
    try {
      return await send();
    } catch (error) {
      if (!error.isBreak || left <= 1) throw error;
    }
  }
}

// The sentence for a person, from an answer's status and body.
export function explain(status, body) {
  if (status === 0) return "The connection broke off. Send the file again.";
  try {
    const told = JSON.parse(body);
    if (typeof told.detail === "string") return told.detail[0].toUpperCase() + told.detail.slice(1);
    const first = Object.values(told)[0];
    if (Array.isArray(first)) return String(first[0]);
  } catch {
    // No JSON: an error page.
  }
  return `The portal refused the file (${status}).`;
}

export function fail(status, body) {
  return Object.assign(new Error(explain(status, body)), { isBreak: status === 0 || status === 502 || status === 503 });
}
