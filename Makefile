# Each target installs what it lacks on Debian and Ubuntu when it runs as root, else it prints the one line to run.
.PHONY: run test check bench sqlx schema migrate seed create-admin help

help:
	@echo "make run [CITY=off]   build, start everything, play the city; Ctrl-C ends it"
	@echo "make test             all tests"
	@echo "make check            format, lints, unused dependencies, checked statements, types"
	@echo "make bench            load scenarios beside a limit probe; writes nothing"
	@echo "make sqlx             write .sqlx anew after a statement or a migration changed"
	@echo "make schema           write the pages' types again after an input, an answer, an error or a message changed"
	@echo "make migrate | seed | create-admin    the database of DATABASE_URL, or the private one"

run:
	@CITY=$(CITY) scripts/run.sh

test:
	@scripts/test.sh

check:
	@scripts/check.sh

bench:
	@scripts/bench.sh $(SCENARIO)

sqlx:
	@scripts/sqlx.sh

schema:
	@scripts/schema.sh

migrate seed:
	@scripts/wassally.sh $@

create-admin:
	@scripts/wassally.sh admin create --username $(or $(USERNAME),admin)
