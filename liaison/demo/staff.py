"""Who has a key at which desk.

In a play: those who act, those who release, one officer on duty. In the demo that stays: an officer
at each local desk, and at each province's desk who may release what leaves their side.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from config.schema import Corridor
from crypto.attest.statement import Role
from liaison.demo.scenario import Scenario
from protocols.casework.approval import held, needs
from protocols.casework.codes import Act, RequestType


@dataclass(frozen=True, slots=True)
class Post:
    """An officer's pseudonym and what their key may do."""

    officer: str
    role: Role


Staff = Mapping[str, list[Post]]

#: The desks of the demo that stays; the first of each unlocks it when it starts.
STAYING: dict[str, list[Post]] = {
    "vn-quangninh": [Post("QN-07", Role.OFFICER), Post("QN-01", Role.APPROVER)],
    "vn-mongcai-1": [Post("MC-04", Role.OFFICER)],
    "cn-guangxi": [Post("GX-01", Role.APPROVER)],
    "cn-dongxing": [Post("DX-02", Role.OFFICER)],
}


def staff_of(scenario: Scenario, corridor: Corridor) -> dict[str, list[Post]]:
    """Return the posts at each desk that the play needs, by slug; addressees have one on duty."""
    staff: dict[str, list[Post]] = {}
    for step in scenario.steps:
        _add(staff, step.desk, Post(step.officer, Role.OFFICER))
        if step.approval is not None:
            _add(staff, step.approval.desk, Post(step.approval.officer, Role.APPROVER))
        if step.cosigner is not None:
            _add(staff, step.cosigner.desk, Post(step.cosigner.officer, Role.OFFICER))
        if step.to is not None:
            staff.setdefault(step.to, [])
    for slug in _releasing(scenario, corridor):
        if not any(post.role is Role.APPROVER for post in staff.get(slug, [])):
            _add(staff, slug, Post(f"{corridor.desk(slug).code[:2]}-00", Role.APPROVER))
    for slug, posts in staff.items():
        if not posts:
            posts.append(Post(f"{corridor.desk(slug).code[:2]}-01", Role.OFFICER))
    return staff


def _add(staff: dict[str, list[Post]], slug: str, post: Post) -> None:
    posts = staff.setdefault(slug, [])
    known = next((p for p in posts if p.officer == post.officer), None)
    if known is None:
        posts.append(post)
    elif post.role is Role.APPROVER:
        posts[posts.index(known)] = post


def _releasing(scenario: Scenario, corridor: Corridor) -> set[str]:
    """Return the desks that must release, or have released beforehand, what the play sends."""
    found: set[str] = set()
    for step in scenario.steps:
        if step.act is not Act.REQUEST:
            continue
        kind = RequestType(step.fields["request"]["header"]["type"])
        wanted = needs(kind, step.desk, corridor, on=step.at.date())
        if wanted is None:
            continue
        ranks = list(type(wanted))
        for slug in corridor.peers(step.desk):
            own = held(slug, corridor)
            same_side = corridor.country(slug) is corridor.country(step.desk)
            if same_side and own is not None and ranks.index(own) >= ranks.index(wanted):
                found.add(slug)
                break
    return found
