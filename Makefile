# What `make help` prints stands behind each target's ##.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PORT ?= 3000
DATA ?= .pats
SAM_PORT ?= 3001
# Processor of the deployed functions: arm64 or x86_64, as the template's parameter Architecture says it.
ARCH ?= arm64
FUZZTIME ?= 20000x
MINUTES ?= 30

# What .ci/install.sh installed, if it was run.
-include .cache/env.mk
export PATH

GOFILES = $(shell git ls-files -co --exclude-standard '*.go' go.mod go.sum template.yaml)
# The race detector needs cgo, and so a C compiler.
RACE = $(shell command -v cc >/dev/null && echo -race)

.PHONY: help
help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z][a-zA-Z0-9-]*:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  PORT=$(PORT)  DATA=$(DATA)  SAM_PORT=$(SAM_PORT)  ARCH=$(ARCH)  FUZZTIME=$(FUZZTIME)  MINUTES=$(MINUTES)"

.PHONY: run
run: bin/pats ## Serve the API on this machine, with nothing but Go (PORT=, DATA=)
	@exec bin/pats serve --listen 127.0.0.1:$(PORT) --data $(DATA)

.PHONY: build
build: bin/pats ## Build the command bin/pats

# The tags leave out the runtime of functions that ended with go1.x, and HTTP/2, without which every server is spoken to by HTTP/1.1.
bin/pats: $(GOFILES)
	@CGO_ENABLED=0 go build -trimpath -tags lambda.norpc,nethttpomithttp2 -o $@ ./cmd/pats

.PHONY: test
test: ## Run the tests that need nothing but Go, and those that need Java and Maven where these are there
	@infra/verify/quietly go test $(RACE) ./...
	@cd infra/bench && ../verify/quietly go test $(RACE) ./...
	@command -v java >/dev/null && command -v mvn >/dev/null || echo "left out: the tests against DynamoDB Local; install Java and Maven to have them"
	@command -v cc >/dev/null || echo "left out: the race detector; install a C compiler to have it"

.PHONY: lint
lint: ## Check the code, the scripts and the template with their linters
	@gofmt -l $$(git ls-files -co --exclude-standard '*.go') | (! grep .)
	@infra/verify/quietly golangci-lint run ./...
	@cd infra/bench && ../verify/quietly golangci-lint run ./...
	@infra/verify/quietly shellcheck $$(git ls-files -co --exclude-standard | xargs grep -lE '^#!/usr/bin/env bash' -- 2>/dev/null)
	@infra/verify/quietly cfn-lint template.yaml
	@infra/verify/quietly env SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 sam validate --lint

.PHONY: verify
verify: ## Run everything: linters, all tests, the built functions, sam local, the figures
	@infra/verify/run

.PHONY: verify-unleash
verify-unleash: ## Send the same requests to an Unleash and to this, and tell the differences (UNLEASH_URL=)
	@infra/verify/run unleash

.PHONY: verify-import
verify-import: ## Import 10,000 users of Unleash into both stores, check all of it and print the speed
	@infra/contract/unleashimport/verify

.PHONY: soak
soak: ## Look for races, losses and wrong answers under faults for MINUTES (30), with other seeds each round
	@infra/verify/soak $(MINUTES)

.PHONY: sbom
sbom: ## Write what each binary is made of, as CycloneDX documents in bin/sbom
	@infra/static/supply/sbom bin/sbom

.PHONY: vuln
vuln: ## Ask Go's vulnerability database about what the code calls; needs vuln.go.dev
	@infra/static/supply/vuln

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME executions (20000x) or time (1m)
	@infra/verify/fuzz $(FUZZTIME)

.PHONY: bench
bench: bin/pats ## Measure start-up, warm path, throughput and scale beside what would be used instead (PARTS=)
	@go -C infra/bench run . run $(if $(PARTS),--parts $(PARTS))

.PHONY: sam-local
sam-local: bin/pats ## Serve the API by sam local and DynamoDB Local (SAM_PORT=)
	@infra/services/sam-local/start --port $(SAM_PORT)

.PHONY: deploy
deploy: ## Build for ARCH and deploy the stack to AWS; asks for what it needs to know
	@sam build --parameter-overrides Architecture=$(ARCH)
	@sam deploy --guided --parameter-overrides Architecture=$(ARCH)

.PHONY: clean
clean: ## Remove what was built; .pats, with your data, stays
	@rm -rf bin .aws-sam

# sam build calls these for the functions in template.yaml, with the folder for the result in ARTIFACTS_DIR. A static binary,
# since cgo's would need a C library that the base image may not have. The tags leave out the runtime that ended with go1.x, and HTTP/2,
# which the client of DynamoDB does not speak.
GOARCH_arm64 = arm64
GOARCH_x86_64 = amd64
LAMBDA_BUILD = CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH_$(ARCH)) \
	go build -trimpath -ldflags="-s -w" -tags lambda.norpc,nethttpomithttp2 -o "$(ARTIFACTS_DIR)/bootstrap"

.PHONY: build-AuthorizerFunction
build-AuthorizerFunction:
	@$(LAMBDA_BUILD) ./functions/authorizer

.PHONY: build-TokensFunction
build-TokensFunction:
	@$(LAMBDA_BUILD) ./functions/tokens

.PHONY: build-UsersFunction
build-UsersFunction:
	@$(LAMBDA_BUILD) ./functions/users

# What the start of the functions is measured against, built as they are.
.PHONY: build-Hello
build-Hello:
	@cd infra/bench && $(LAMBDA_BUILD) ./startup/hello

.PHONY: build-Plain
build-Plain:
	@cd infra/bench && $(LAMBDA_BUILD) ./startup/plain
