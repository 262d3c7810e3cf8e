"""Accepts calls and reads them by id, as it is plainly done: one session and one transaction a request."""

import hmac
import os
import uuid
from datetime import datetime, timezone
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import DateTime, String, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

URL = os.environ["DATABASE_URL"]
KEY = os.environ["API_KEY"].encode()

# Two processes write one file: each waits for its turn.
engine = create_engine(URL, connect_args={"timeout": 30} if URL.startswith("sqlite") else {})


@event.listens_for(engine, "connect")
def be_durable(connection, _record):
    if URL.startswith("sqlite"):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")


class Base(DeclarativeBase):
    pass


class Call(Base):
    __tablename__ = "calls"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    phone: Mapped[str] = mapped_column(String(16), index=True)
    agent: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Wish(BaseModel):
    phone: str = Field(pattern=r"^\+[1-9][0-9]{6,14}$")
    agent: Literal["akylai", "altai"]


class Answer(BaseModel):
    call_id: str
    phone: str
    agent: str
    status: str
    created_at: datetime


def known(authorization: Annotated[str, Header()] = ""):
    if not hmac.compare_digest(authorization.removeprefix("Bearer ").encode(), KEY):
        raise HTTPException(401, "the key is not known")


def answer(call: Call) -> Answer:
    return Answer(call_id=call.id, phone=call.phone, agent=call.agent, status=call.status, created_at=call.created_at)


app = FastAPI()


@app.get("/readyz")
def ready():
    return {"status": "ready"}


@app.post("/v1/calls", status_code=201, dependencies=[Depends(known)])
def create(wish: Wish) -> Answer:
    now = datetime.now(timezone.utc)
    call = Call(id=str(uuid.uuid4()), phone=wish.phone, agent=wish.agent, status="queued", created_at=now)
    made = answer(call)
    # Not a dependency: what gives a session back would wait for a thread behind those who wait for a session.
    with Session(engine) as db:
        db.add(call)
        db.commit()
    return made


@app.get("/v1/calls/{call_id}", dependencies=[Depends(known)])
def read(call_id: str) -> Answer:
    with Session(engine) as db:
        call = db.get(Call, call_id)
        if call is None:
            raise HTTPException(404, "there is no such call")
        return answer(call)


if __name__ == "__main__":
    import uvicorn

    # Once, before the workers start.
    Base.metadata.create_all(engine)
    engine.dispose()
    host, port = os.environ["LISTEN_HOST"], int(os.environ["LISTEN_PORT"])
    uvicorn.run("app:app", host=host, port=port, workers=2, access_log=False, log_level="warning")
