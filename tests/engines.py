"""Engines with a script or a recording, for tests that speak to them without a client."""

from chat_wire import asking, play

from fakellm._cassette.interaction import Interaction, RecordedResponse
from fakellm._cassette.replay import Recording
from fakellm._cassette.settings import make_settings
from fakellm._dialects.table import DIALECTS
from fakellm._script.drafts import Drafts
from fakellm._script.engine import Engine
from fakellm._script.match import Condition, Matcher


def make_engine(**options):
    return Engine(DIALECTS, **options)


def complete(reply, request, identity, drafts=None):
    """What a reply comes to; drafts: what is remembered of replies, None for nothing."""
    return (drafts or Drafts()).complete(reply, request, identity)


def scripted(*replies, times=1, **options):
    """An engine with one rule for every request."""
    engine = make_engine(**options)
    if replies:
        engine.register(engine.new_rule(Matcher())).reply(*replies, times=times)
    return engine


def when(engine, **conditions):
    return engine.register(engine.new_rule(Matcher(tuple(Condition(*item) for item in conditions.items()))))


def ask(engine, request=None):
    return play(engine.handle(request or asking()))


def replaying(*requests, rule_reply=None, **options):
    """An engine that holds a recording of these requests, each answered with b"recorded"; options: of the replay."""
    engine = scripted(*[rule_reply] if rule_reply else [])
    response = RecordedResponse(200, "OK", (("content-type", "text/plain"),), b"recorded")
    interactions = [Interaction(number, None, request, response) for number, request in enumerate(requests, 1)]
    engine.sources.append(Recording(interactions, path="session.yaml", settings=make_settings(**options)))
    return engine
