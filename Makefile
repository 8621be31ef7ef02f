# make demo: the main job on a synthetic breast MRI.  make test: lint and every test.
# make lab: the notebook.  make bench: the figures of docs/benchmarks.md.

BIN := .venv/bin
SETUP := pyproject.toml constraints.txt scripts/install.sh

.PHONY: demo lab test lint unit notebooks bench clean
.DEFAULT_GOAL := demo

demo: .venv/.base
	rm -rf demo-output
	$(BIN)/breastwidget demo -o demo-output

lab: .venv/.notebook
	$(BIN)/jupyter lab notebooks/01_first_tumour.ipynb

test: lint unit notebooks

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: .venv/.dev .venv/.system
	$(BIN)/python -m pytest tests

notebooks: .venv/.dev .venv/.system
	# A cache of its own: what the notebooks autosave is not for the user's.
	cache=$$(mktemp -d) && trap 'rm -rf "$$cache"' EXIT && XDG_CACHE_HOME="$$cache" \
	  $(BIN)/python -m pytest --nbval-lax --nbval-kernel-name python3 --nbval-cell-timeout 300 notebooks

bench: .venv/.dev .venv/.system
	$(BIN)/python -m benchmarks

.venv/.base: $(SETUP)
	scripts/install.sh
	touch $@

.venv/.notebook: $(SETUP)
	scripts/install.sh notebook
	touch .venv/.base $@

.venv/.dev: $(SETUP)
	scripts/install.sh dev
	touch .venv/.base .venv/.notebook $@

.venv/.system: scripts/system-packages.sh | .venv/.dev
	scripts/system-packages.sh
	touch $@

clean:
	rm -rf .venv demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis
