"""`python -m tests.hostile`: more malformed webhooks than a test run has time for."""

import sys

import click

_SHOWN_BYTES = 4_000


@click.command()
@click.option("--bodies", default=100_000, show_default=True, help="How many to bring.")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same bodies.")
@click.option("--atheris", "guided", is_flag=True, help="Let coverage guide it (needs atheris).")
def main(bodies: int, seed: int, guided: bool) -> None:
    """Post generated webhooks to the web over a real database, and count the responses."""
    # Code that atheris instruments must not have been imported before it.
    if guided:
        from tests.hostile.guided import run_guided

        run_guided(bodies, seed)
    _run(bodies, seed)


def _run(bodies: int, seed: int) -> None:
    from tests.hostile.batches import BrokenError, bring

    try:
        answers, found = bring(bodies, seed)
    except BrokenError as broken:
        cause = broken.__cause__
        click.echo(f"{broken}: {cause!r}" if cause else broken)
        for body in broken.bodies[:3]:
            click.echo(f"{body.good_mid}: {body.raw[:_SHOWN_BYTES]!r}")
        sys.exit(1)
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(answers.items()))
    click.echo(f"{bodies:,} bodies, answered {told}; {found:,} good messages, all stored")


if __name__ == "__main__":
    main()
