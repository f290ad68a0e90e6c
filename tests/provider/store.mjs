// oidc-provider's storage port over a Map: its own memory adapter forgets what is older than a thousand entries.
// Nothing expires here; the models judge `exp` themselves, by the clock that the tests move.

export class Store {
  #entries = new Map();

  /** What oidc-provider calls for each of its models. */
  adapter = (model) => {
    const key = (id) => `${model}:${id}`;
    const by = (field, value) =>
      this.#of(model).map(([, entry]) => entry).find((entry) => entry[field] === value);
    return {
      upsert: async (id, payload) => void this.#entries.set(key(id), structuredClone(payload)),
      find: async (id) => structuredClone(this.#entries.get(key(id))),
      findByUid: async (uid) => structuredClone(by('uid', uid)),
      findByUserCode: async (code) => structuredClone(by('userCode', code)),
      destroy: async (id) => void this.#entries.delete(key(id)),
      consume: async (id) => {
        this.#entries.get(key(id)).consumed = Math.floor(Date.now() / 1000);
      },
      revokeByGrantId: async (grantId) => {
        for (const [id, entry] of this.#of(model)) if (entry.grantId === grantId) this.#entries.delete(id);
      },
    };
  };

  #of(model) {
    return [...this.#entries].filter(([id]) => id.startsWith(`${model}:`));
  }

  /** Ends the SSO sessions whose uid is `wanted`; says whether there was one. */
  endSessionsWhere(wanted) {
    const ended = this.#of('Session').filter(([, entry]) => wanted(entry.uid));
    for (const [id] of ended) this.#entries.delete(id);
    return ended.length > 0;
  }

  /** Revokes every grant, and so every refresh token. */
  revokeAll() {
    for (const model of ['Grant', 'RefreshToken']) for (const [id] of this.#of(model)) this.#entries.delete(id);
  }
}
