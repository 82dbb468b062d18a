"""Another queue on PostgreSQL as a yardstick: procrastinate's worker with a task that does nothing.

``python -m tests.benchmarks.no_op_queue DATABASE_URL JOBS CONCURRENCY`` defers the jobs, works them off and prints how
many it did in a second. Our deliveries send a signed request each and write down that it arrived.
"""

from __future__ import annotations

import asyncio
import sys
import time

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from sqlalchemy.engine import make_url


async def main(database_url: str, jobs: int, concurrency: int) -> float:
    """Return the jobs a second."""
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    app = App(connector=PsycopgConnector(conninfo=url, max_size=concurrency + 2))
    done = 0

    @app.task(name="nothing")
    async def nothing() -> None:
        nonlocal done
        done += 1

    async with app.open_async():
        try:
            await app.schema_manager.apply_schema_async()
        except ConnectorException:
            print("the schema is there already", file=sys.stderr)
        await nothing.batch_defer_async(*[{} for _ in range(jobs)])
        began = time.perf_counter()
        await app.run_worker_async(
            wait=False, concurrency=concurrency, install_signal_handlers=False, listen_notify=False
        )
        took = time.perf_counter() - began
    if done != jobs:
        raise RuntimeError(f"{done} of {jobs} jobs were done")
    return jobs / took


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
