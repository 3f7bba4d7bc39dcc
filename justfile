# Every command of a developer; `just` lists them.
python := ".venv/bin/python"

default:
    @just --list

# Create the environment with everything that tests and docs need.
setup:
    python3 -m venv .venv
    .venv/bin/pip install -e ".[test,docs]" -c config/constraints.txt

# Start Moca with the built-in Instagram.
run *arguments:
    {{python}} run.py {{arguments}}

# Run the tests, or those of a path: just test tests/core
test *arguments:
    .venv/bin/pytest {{arguments}}

# Run the tests that take minutes, most of them on a cluster.
slow:
    .venv/bin/pytest -m soak

# Break a Moca in use for a while: just soak 30
soak minutes="30":
    {{python}} -m tests.soak --minutes {{minutes}}

# Lint, check formatting and types.
lint:
    .venv/bin/ruff check .
    .venv/bin/ruff format --check .
    .venv/bin/mypy

# Fix what the linter can fix, and format.
format:
    .venv/bin/ruff check --fix .
    .venv/bin/ruff format .

# Try new simulated worlds: just simulate 2000
simulate seeds="1000":
    {{python}} -m tests.simulation --seeds {{seeds}}

# Break the product on purpose, and see which seeds notice.
mutants:
    {{python}} -m tests.simulation --mutants

# Bring odd bodies to the webhook.
hostile bodies="10000":
    {{python}} -m tests.hostile --bodies {{bodies}}

# Measure: just benchmark acks journeys
benchmark *names:
    {{python}} -m tests.benchmarks {{names}}

# Renew what is generated from the settings' classes: config/moca.toml and the settings page.
settings:
    {{python}} -m moca.settings.reference

# Renew the page about the HTTP API from its OpenAPI document.
api:
    {{python}} -m moca.web.reference

# Renew the list of modules in the page about the architecture.
modules:
    {{python}} -m tests.docs.module_list

# Renew the versions in config/constraints.txt: the newest that pyproject.toml allows.
constraints:
    rm -rf build/newest && python3 -m venv build/newest
    build/newest/bin/pip install -q -e ".[backup,benchmarks,cluster,docs,holidays,mcp,notify,push,test]"
    head -1 config/constraints.txt > build/constraints.txt
    build/newest/bin/pip freeze --exclude-editable >> build/constraints.txt
    mv build/constraints.txt config/constraints.txt

# Build the documentation.
docs:
    .venv/bin/mkdocs build --strict

# Everything that must be green before a change lands.
ci:
    .ci/run
