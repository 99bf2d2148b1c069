# `make help` prints the text after each target's ##.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PORT ?= 3000
DATA ?= .pats
# The template's parameter Scopes, such as orders:read,orders:write@Editor.
SCOPES ?=
# Whether make run lets you sign in under any name: true or false.
DEV_LOGIN ?= false
SAM_PORT ?= 3001
AWS_PORT ?= 4566
# The processor of the deployed functions: arm64 or x86_64, the values of the template's parameter Architecture.
ARCH ?= arm64
# Whether the tests look for data races: true or false.
RACE ?= false
FUZZTIME ?= 20000x
MINUTES ?= 30

# $(call quoted,NAME) is the value of a variable as one word of the shell, whatever characters it contains.
quoted = '$(subst ','\'',$(value $(1)))'

# The tools that .ci/install.sh installed, if it was run.
-include .cache/env.mk
export PATH

GOFILES = $(shell git ls-files -co --exclude-standard '*.go' go.mod go.sum template.yaml)
# The tags leave out the RPC protocol of the retired go1.x runtime, and HTTP/2, which DynamoDB does not offer. Commands and tests are built
# with the same flags, so that each package is compiled once.
BUILD_FLAGS = -trimpath -tags lambda.norpc,nethttpomithttp2
# The race detector needs cgo, and cgo a C compiler. Tests are slower with it.
TEST_FLAGS = $(if $(filter true,$(RACE)),-race,$(BUILD_FLAGS))
TEST_CGO = $(if $(filter true,$(RACE)),1,0)

# Runs go test, and repeats what failed at the end of the output.
GOTESTSUM = go tool -modfile=$(call quoted,CURDIR)/infra/services/gotestsum/go.mod gotestsum --format-hide-empty-pkg

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z][a-zA-Z0-9-]*:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@printf '  %s=%s' $(foreach name,PORT DATA SCOPES DEV_LOGIN SAM_PORT AWS_PORT ARCH RACE FUZZTIME MINUTES,$(name) $(call quoted,$(name)))
	@echo

.PHONY: run
run: bin/pats ## Serve the API on this machine, with nothing but Go (PORT=, DATA=, SCOPES=, DEV_LOGIN=true)
	@exec bin/pats serve --listen 127.0.0.1:$(call quoted,PORT) --data $(call quoted,DATA) --parameter Scopes=$(call quoted,SCOPES) --dev-login=$(call quoted,DEV_LOGIN)

.PHONY: build
build: bin/pats ## Build the command bin/pats

bin/pats: $(GOFILES)
	@CGO_ENABLED=0 go build $(BUILD_FLAGS) -o $@ ./cmd/pats

bin/verify: $(GOFILES)
	@CGO_ENABLED=0 go build $(BUILD_FLAGS) -o $@ ./infra/verify

.PHONY: test
test: bin/verify ## Run the tests (RACE=true; those for DynamoDB Local need Java and Maven)
	@bin/verify with-dynamodb $(MAKE) -j2 run-tests

# Both modules at a time, and one package more than there are CPUs, since some tests wait for time-outs.
.PHONY: run-tests test-product test-bench
run-tests: test-product test-bench

test-product:
	@CGO_ENABLED=$(TEST_CGO) infra/services/quietly $(GOTESTSUM) -- $(TEST_FLAGS) -p $$(($$(getconf _NPROCESSORS_ONLN) + 1)) ./...

test-bench:
	@cd infra/bench && CGO_ENABLED=$(TEST_CGO) ../services/quietly $(GOTESTSUM) -- $(TEST_FLAGS) ./...

.PHONY: lint
lint: ## Check the code, the scripts and the template with linters
	@gofmt -l $$(git ls-files -co --exclude-standard '*.go') | (! grep .)
	@infra/services/quietly golangci-lint run ./...
	@cd infra/bench && ../services/quietly golangci-lint run ./...
	@infra/services/quietly shellcheck $$(git ls-files -co --exclude-standard | xargs grep -lE '^#!/usr/bin/env bash' -- 2>/dev/null)
	@infra/services/quietly cfn-lint template.yaml cognito.yaml examples/protect/*/template.yaml
	@infra/services/quietly infra/contract/protect/format
	@infra/services/quietly env SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 sam validate --lint

.PHONY: verify
verify: bin/verify ## Run everything: linters, all tests, the built functions, sam local, the harnesses
	@bin/verify run $(if $(TESTED),--tested $(call quoted,TESTED))

.PHONY: verify-unleash
verify-unleash: bin/verify ## Compare the responses to the same requests with a real Unleash's (UNLEASH_URL=)
	@bin/verify unleash

.PHONY: verify-import
verify-import: bin/verify ## Import 10,000 users from Unleash's tables into both stores, and check the result
	@bin/verify import

.PHONY: pictures
pictures: ## Take the pictures in docs/page with Chromium
	@PATS_PICTURES=$(CURDIR)/docs/page go test ./infra/contract/browser -run TestPictures -count=1

.PHONY: soak
soak: bin/verify ## Repeat the harnesses for races, kills, faults and attacks for MINUTES, each round with new seeds
	@bin/verify soak $(call quoted,MINUTES)

.PHONY: sbom
sbom: ## Write a CycloneDX bill of materials for each binary to bin/sbom
	@infra/static/supply/sbom bin/sbom

.PHONY: vuln
vuln: ## Check the called functions against Go's vulnerability database (needs vuln.go.dev)
	@infra/static/supply/vuln

.PHONY: fuzz
fuzz: bin/verify ## Run every fuzz target for FUZZTIME: executions (20000x) or a time (1m)
	@bin/verify fuzz $(call quoted,FUZZTIME)

.PHONY: bench
bench: bin/pats ## Measure start-up, warm requests, throughput and scale next to the alternatives (PARTS=)
	@go -C infra/bench run . run $(if $(PARTS),--parts $(call quoted,PARTS))

.PHONY: sam-local
sam-local: bin/pats ## Serve the API with sam local and DynamoDB Local (SAM_PORT=)
	@infra/services/sam-local/start --port $(call quoted,SAM_PORT)

.PHONY: deployed
deployed: bin/pats bin/deployed ## Deploy the stack to an emulator of AWS on this machine, without Docker (AWS_PORT=, SCOPES=)
	@exec bin/deployed --port $(call quoted,AWS_PORT) $(if $(SCOPES),--scopes $(call quoted,SCOPES))

bin/deployed: $(GOFILES)
	@CGO_ENABLED=0 go build $(BUILD_FLAGS) -o $@ ./infra/services/deployed

.PHONY: deploy
deploy: ## Build for ARCH and deploy the stack to AWS; asks for the parameters
	@sam build --parameter-overrides Architecture=$(call quoted,ARCH)
	@sam deploy --guided --parameter-overrides Architecture=$(call quoted,ARCH)

.PHONY: clean
clean: ## Remove build results; your data in .pats stays
	@rm -rf bin .aws-sam

# sam build calls these targets for the functions in template.yaml, with the folder for the result in ARTIFACTS_DIR. The binaries are static,
# since the image may lack the C library that cgo uses.
GOARCH_arm64 = arm64
GOARCH_x86_64 = amd64
LAMBDA_BUILD = CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH_$(ARCH)) \
	go build $(BUILD_FLAGS) -ldflags="-s -w" -o $(call quoted,ARTIFACTS_DIR)/bootstrap

.PHONY: build-AuthorizerFunction
build-AuthorizerFunction:
	@$(LAMBDA_BUILD) ./functions/authorizer

.PHONY: build-SharedAuthorizerFunction
build-SharedAuthorizerFunction:
	@$(LAMBDA_BUILD) ./functions/shared-authorizer

.PHONY: build-TokensFunction
build-TokensFunction:
	@$(LAMBDA_BUILD) ./functions/tokens

.PHONY: build-UsersFunction
build-UsersFunction:
	@$(LAMBDA_BUILD) ./functions/users

.PHONY: build-ServiceAccountsFunction
build-ServiceAccountsFunction:
	@$(LAMBDA_BUILD) ./functions/service-accounts

.PHONY: build-PageFunction
build-PageFunction:
	@$(LAMBDA_BUILD) ./functions/page

.PHONY: build-OAuthFunction
build-OAuthFunction:
	@$(LAMBDA_BUILD) ./functions/oauth

.PHONY: build-AdminTokensFunction
build-AdminTokensFunction:
	@$(LAMBDA_BUILD) ./functions/admin-tokens

.PHONY: build-LeaksFunction
build-LeaksFunction:
	@$(LAMBDA_BUILD) ./functions/leaks

.PHONY: build-SignInFunction
build-SignInFunction:
	@$(LAMBDA_BUILD) ./functions/sign-in

.PHONY: build-SessionFunction
build-SessionFunction:
	@$(LAMBDA_BUILD) ./functions/session

.PHONY: build-AdminSessionFunction
build-AdminSessionFunction:
	@$(LAMBDA_BUILD) ./functions/admin-session

# The start-up benchmark compares the functions with these, which are built in the same way.
.PHONY: build-Hello
build-Hello:
	@cd infra/bench && $(LAMBDA_BUILD) ./startup/hello

.PHONY: build-Plain
build-Plain:
	@cd infra/bench && $(LAMBDA_BUILD) ./startup/plain
