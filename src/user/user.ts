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

/** Where users are kept. */
export type UserStore = {
  get(id: number): Promise<User | undefined>;
  /** The users with these ids, as far as they exist, in any order. */
  getMany(ids: readonly number[]): Promise<User[]>;
  create(user: NewUser): Promise<CreateUserResult>;
  /** Users with an id above afterId, ascending. */
  list(page: { afterId: number; limit: number }): Promise<User[]>;
};
