"""The checklists of one stream: one for each component, coupled as RFC 8445 couples them."""

from frazil.ice.checklist import Checklist


class ChecklistSet:
    """The checklists that share a pace and what is known of foundations (RFC 8445 6.1.2.6, 14.2).

    Attributes:
        ordinary_at: When the next ordinary check of any of them may leave.
    """

    __slots__ = ("_by_component", "ordinary_at")

    def __init__(self) -> None:
        self._by_component: dict[int, Checklist] = {}
        self.ordinary_at = 0.0

    def put(self, component: int, checklist: Checklist) -> None:
        """Take the checklist of ``component`` in, for the one before it, if there is one."""
        if component in self._by_component:
            self._by_component[component].siblings = ()
        self._by_component[component] = checklist
        lists = self._by_component.values()
        for each in lists:
            each.siblings = tuple(other for other in lists if other is not each)
