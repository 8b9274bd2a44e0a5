"""Access and refresh tokens for programs that sign in with an account: JWT, each pair of one family, which is a row."""
