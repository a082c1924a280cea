"""What is wrong with a policy document, said so that its author can mend it."""


class PolicyError(ValueError):
    """A document or request that AWS would not accept; `where` is the path in the document."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem
