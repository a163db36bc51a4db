"""Who may do what: four roles, one dependency. A route that declares no rule cannot be registered.

    @router.post("/campaigns")
    async def create(body: CampaignIn, call: Operator) -> CampaignOut: ...

The annotation is the rule, and hands the route what it works with: a transaction, who asks, and the time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request
from fastapi.dependencies.models import Dependant

from crm_api.errors import ApiError, forbidden
from crm_api.hub import Hub
from storage.database import Connection

KEY_LENGTH = 200


class Role(StrEnum):
    """Each role may do all that those before it may."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a user with a session, or a machine with a token.

    `campaigns` holds those a supervisor watches; None means all. `csrf` is None for tokens, which need none.
    """

    id: UUID
    name: str
    role: Role
    is_token: bool = False
    agent_id: UUID | None = None
    language: str = "es"
    campaigns: frozenset[UUID] | None = None
    csrf: str | None = None

    @property
    def user_id(self) -> UUID | None:
        return None if self.is_token else self.id

    def watches(self, campaign_id: UUID) -> bool:
        return self.campaigns is None or campaign_id in self.campaigns


@dataclass(slots=True)
class Visit:
    """One request of somebody let in, without a transaction: for streams, which must not hold one."""

    hub: Hub
    who: Principal
    now: datetime
    audit_target: str | None = None
    audit_detail: dict[str, Any] = field(default_factory=dict)

    def note(self, target: UUID | str | None = None, /, **detail: Any) -> None:
        """What the audit row of this request is to say, beside the action and who took it. A detail may be
        named target, too: a campaign's abandonment is."""
        if target is not None:
            self.audit_target = str(target)
        self.audit_detail.update(detail)

    def must_watch(self, campaign_id: UUID | None) -> None:
        """Supervisors see the campaigns assigned to them; what belongs to none, only those who see all."""
        if self.who.campaigns is None:
            return
        if campaign_id is None or not self.who.watches(campaign_id):
            raise forbidden(
                "campaign_not_yours", "this campaign is not among those you watch", id=str(campaign_id)
            )

    def own_agent(self) -> UUID:
        """The agent this user is."""
        if self.who.agent_id is None:
            raise forbidden("not_an_agent", "this user has no agent of its own")
        return self.who.agent_id

    def must_be_agent(self, agent_id: UUID) -> None:
        """Agents act for themselves, supervisors for anyone."""
        if not self.who.role.covers(Role.SUPERVISOR) and self.who.agent_id != agent_id:
            raise forbidden("agent_not_yours", "an agent may act for itself only", id=str(agent_id))


@dataclass(slots=True, kw_only=True)
class Call(Visit):
    """One request inside one transaction: its effect, audit row and stored answer stand or fall together."""

    conn: Connection
    key: str | None = None  # the Idempotency-Key, with whose it is
    _after: list[Callable[[], None]] = field(default_factory=list)

    def after_commit(self, act: Callable[[], None]) -> None:
        """For hints on the bus: nobody may be woken up before the row can be read."""
        self._after.append(act)

    def committed(self) -> None:
        for act in self._after:
            act()


class Allow:
    """The rule of a route. `role` None: anybody, also without a session."""

    def __init__(self, role: Role | None, *, holds_transaction: bool = True, upload: bool = False) -> None:
        self.role = role
        self.holds_transaction = holds_transaction
        self.upload = upload
        self.takes_key = False
        self.needs_key = False

    def __call__(self, request: Request) -> Any:
        return request.state.visit


class AllowOnce(Allow):
    """The rule of a POST that creates or dials: the same Idempotency-Key has its effect once."""

    def __init__(self, role: Role | None, *, needs_key: bool = False) -> None:
        super().__init__(role)
        self.takes_key = True
        self.needs_key = needs_key

    def __call__(
        self,
        request: Request,
        idempotency_key: Annotated[
            str | None,
            Header(
                max_length=KEY_LENGTH, description="any text of yours; a repeat is answered as the first time"
            ),
        ] = None,
    ) -> Any:
        return request.state.visit


def rule_of(dependant: Dependant) -> Allow | None:
    """The rule a route declares; two are as wrong as none."""
    rules = [inner.call for inner in dependant.dependencies if isinstance(inner.call, Allow)]
    return rules[0] if len(rules) == 1 else None


def check(rule: Allow, who: Principal | None) -> None:
    if rule.role is None:
        return
    if who is None:
        raise ApiError(401, "not_logged_in", "log in first")
    if not who.role.covers(rule.role):
        raise forbidden("role_too_low", f"this needs the role {rule.role}", needed=rule.role, role=who.role)


Public = Annotated[Visit, Depends(Allow(None, holds_transaction=False))]

Agent = Annotated[Call, Depends(Allow(Role.AGENT))]
Supervisor = Annotated[Call, Depends(Allow(Role.SUPERVISOR))]
Operator = Annotated[Call, Depends(Allow(Role.OPERATOR))]
Admin = Annotated[Call, Depends(Allow(Role.ADMIN))]

AgentOnce = Annotated[Call, Depends(AllowOnce(Role.AGENT))]
AgentKeyed = Annotated[Call, Depends(AllowOnce(Role.AGENT, needs_key=True))]
SupervisorOnce = Annotated[Call, Depends(AllowOnce(Role.SUPERVISOR))]
OperatorOnce = Annotated[Call, Depends(AllowOnce(Role.OPERATOR))]
AdminOnce = Annotated[Call, Depends(AllowOnce(Role.ADMIN))]

AgentStream = Annotated[Visit, Depends(Allow(Role.AGENT, holds_transaction=False))]
SupervisorStream = Annotated[Visit, Depends(Allow(Role.SUPERVISOR, holds_transaction=False))]
OperatorUpload = Annotated[Visit, Depends(Allow(Role.OPERATOR, holds_transaction=False, upload=True))]
SupervisorUpload = Annotated[Visit, Depends(Allow(Role.SUPERVISOR, holds_transaction=False, upload=True))]
