#!/usr/bin/env bash
# How start and invoke call SAM CLI. To be sourced after service.sh.

# Where .ci/install.sh put its tools.
tools=$(dirname "${BASH_SOURCE[0]}")/../../../.cache/env
if [[ -f $tools ]]; then
  # shellcheck source=/dev/null
  source "$tools"
fi

# SAM CLI hands the credentials that it finds to the functions, and asks AWS whose they are: here it finds none. The
# functions get its placeholders, which DynamoDB Local takes.
export SAM_CLI_TELEMETRY=0 AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true \
  AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ROLE_ARN \
  AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI

# SAM CLI calls make: what a make that called this script was told is not meant for it.
unset MAKEFLAGS MFLAGS MAKELEVEL

# launch_sam_local ARCHITECTURE IMAGE TEMPLATE ENV_VARS SUBCOMMAND...: launches sam local for functions that were built for
# the architecture and run in the image, with the environment variables of that file.
launch_sam_local() {
  local architecture=$1 image=$2 template=$3 env_vars=$4
  shift 4
  launch sam local "$@" --template "$template" --env-vars "$env_vars" --parameter-overrides "Architecture=$architecture" \
    --invoke-image "$image" --skip-pull-image --add-host host.docker.internal:host-gateway
}
