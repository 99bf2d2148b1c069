#!/usr/bin/env bash
# Functions and variables for calling SAM CLI. To be sourced after service.sh.

# The tools that .ci/install.sh installed.
tools=$(dirname "${BASH_SOURCE[0]}")/../../../.cache/env
if [[ -f $tools ]]; then
  # shellcheck source=/dev/null
  source "$tools"
fi

# SAM CLI passes the credentials that it finds to the functions, and asks AWS for their owner. Hide them: the functions get
# placeholders, which DynamoDB Local accepts.
export SAM_CLI_TELEMETRY=0 AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true \
  AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ROLE_ARN \
  AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI

# SAM CLI calls make: hide the options of a make that called this script.
unset MAKEFLAGS MFLAGS MAKELEVEL

# launch_sam_local ARCHITECTURE IMAGE TEMPLATE ENV_VARS SUBCOMMAND...: launches sam local for functions that are built for the
# architecture and run in the image, with the environment variables in the file ENV_VARS.
launch_sam_local() {
  local architecture=$1 image=$2 template=$3 env_vars=$4
  shift 4
  launch sam local "$@" --template "$template" --env-vars "$env_vars" --parameter-overrides "Architecture=$architecture" \
    --invoke-image "$image" --skip-pull-image --add-host host.docker.internal:host-gateway
}
