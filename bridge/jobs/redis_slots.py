"""The places of an account's concurrency, in Redis: for many workers on many hosts."""

from functools import cache
from typing import Any

import redis
from django.conf import settings

from connectors.contract import RateLimited

# Take free places in one step: KEYS are the places, ARGV the holder, the life in seconds and how many are wanted.
_TAKE = """
local got, busy = 0, 0
for _, key in ipairs(KEYS) do
  local holder = redis.call('GET', key)
  if holder and holder ~= ARGV[1] then busy = busy + 1 end
end
local wanted = tonumber(ARGV[3])
if busy > 0 then wanted = math.max(1, math.floor(#KEYS / 2)) end
for _, key in ipairs(KEYS) do
  if got == wanted then break end
  local holder = redis.call('GET', key)
  if not holder or holder == ARGV[1] then
    redis.call('SET', key, ARGV[1], 'EX', ARGV[2])
    got = got + 1
  end
end
return got
"""
_GIVE = """
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
return 0
"""


@cache
def _client(url: str) -> Any:
    return redis.Redis.from_url(url, socket_timeout=5)


def _keys(key: str, count: int) -> list[str]:
    return [f"bridge:slot:{key}:{number}" for number in range(count)]


def lease(key: str, wanted: int, holder: str, seconds: int) -> int:
    """Take free places; RateLimited when none is free."""
    client = _client(settings.REDIS_URL)
    client.set(f"bridge:slots:{key}", wanted)
    got = int(client.eval(_TAKE, wanted, *_keys(key, wanted), holder, seconds, max(1, wanted - 1)))
    if not got:
        raise RateLimited("BUDGET-SPENT", params={"account": key.rsplit(":", 1)[-1]}, retry_after=5)
    return got


def give_back(key: str, holder: str) -> None:
    """Free the places this holder has."""
    client = _client(settings.REDIS_URL)
    count = int(client.get(f"bridge:slots:{key}") or 0)
    if count:
        client.eval(_GIVE, count, *_keys(key, count), holder)
