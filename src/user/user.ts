// Users, and the store that the user role needs; no RPC, no SQL.

/** A customer. */
export type User = {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
};

export type NewUser = { readonly name: string; readonly email: string };
export type CreateUserResult = { kind: "created"; user: User } | { kind: "email_taken" };

/** The cancellation of the call for which a store is asked. */
export type CallSignal = { readonly signal?: AbortSignal };

/** Where users are kept. What takes a call rejects as soon as that is cancelled; a user may be created nevertheless. */
export type UserStore = {
  get(id: number, call?: CallSignal): Promise<User | undefined>;
  /** The users with these ids, as far as they exist, in any order. */
  getMany(ids: readonly number[], call?: CallSignal): Promise<User[]>;
  create(user: NewUser, call?: CallSignal): Promise<CreateUserResult>;
  /** Users with an id above afterId, ascending. */
  list(page: { afterId: number; limit: number }, call?: CallSignal): Promise<User[]>;
};
