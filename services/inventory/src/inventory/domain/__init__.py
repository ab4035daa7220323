"""Stock and its allocation: pure, total, without IO and without the wire's types."""
