/**
 * Terraform makes roles, a cluster and a node group in the default VPC, finds nothing to change, and takes them away.
 * Its AWS provider is taken from the folder that KEELSON_TERRAFORM_PLUGINS names, or from Terraform's usual one.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Outcome, RegionUnderTest, run, starts } from './region-under-test.ts';

const configuration = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_requesting_account_id = false
}

data "aws_vpc" "default" {
  default = true
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = toset(["eks", "ec2"])
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["\${each.key}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "cluster" {
  name               = "tf-cluster"
  assume_role_policy = data.aws_iam_policy_document.trust["eks"].json
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_iam_role" "node" {
  name               = "tf-node"
  assume_role_policy = data.aws_iam_policy_document.trust["ec2"].json
  tags               = { team = "platform" }
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each   = toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"])
  role       = aws_iam_role.node.name
  policy_arn = "arn:aws:iam::aws:policy/\${each.key}"
}

resource "aws_eks_cluster" "this" {
  name     = "tf"
  role_arn = aws_iam_role.cluster.arn
  version  = "1.34"
  access_config {
    authentication_mode = "API_AND_CONFIG_MAP"
  }
  vpc_config {
    subnet_ids = data.aws_subnets.default.ids
  }
  tags       = { team = "platform" }
  depends_on = [aws_iam_role_policy_attachment.cluster]
}

resource "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "workers"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = data.aws_subnets.default.ids
  labels          = { tier = "web" }
  scaling_config {
    min_size     = 1
    max_size     = 3
    desired_size = 2
  }
  depends_on = [aws_iam_role_policy_attachment.node]
}

output "endpoint" {
  value = aws_eks_cluster.this.endpoint
}
`;

/** Initializes a working directory with a provider that is on this machine; false when there is none. */
async function initialized(folder: string, environment: Record<string, string | undefined>): Promise<boolean> {
  const mirrors = [process.env['KEELSON_TERRAFORM_PLUGINS'], '/usr/local/share/terraform/plugins'];
  for (const mirror of mirrors.filter((one) => one !== undefined)) {
    const args = ['init', '-input=false', '-no-color', `-plugin-dir=${mirror}`];
    const outcome = await run('terraform', args, { cwd: folder, env: environment });
    if (outcome.status === 0) return true;
  }
  return false;
}

test('terraform: apply, an empty plan, destroy', async (context) => {
  if (!(await starts('terraform', ['version']))) return context.skip('terraform is not installed');
  const region = await RegionUnderTest.start();
  try {
    const folder = join(region.data, 'terraform');
    mkdirSync(folder);
    writeFileSync(join(folder, 'main.tf'), configuration);
    const environment = {
      ...region.env,
      TF_CLI_CONFIG_FILE: '/dev/null',
      CHECKPOINT_DISABLE: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    if (!(await initialized(folder, environment)))
      return context.skip("terraform's AWS provider is not on this machine");
    const terraform = (...args: string[]): Promise<Outcome> =>
      run('terraform', [...args, '-input=false', '-no-color'], { cwd: folder, env: environment, limit: 180_000 });
    const applied = await terraform('apply', '-auto-approve');
    assert.equal(applied.status, 0, applied.stdout + applied.stderr);
    assert.match(applied.stdout, /Apply complete! Resources: 8 added, 0 changed, 0 destroyed\./);
    const planned = await terraform('plan', '-detailed-exitcode');
    assert.equal(planned.status, 0, `a second plan changes something\n${planned.stdout}${planned.stderr}`);
    const destroyed = await terraform('destroy', '-auto-approve');
    assert.equal(destroyed.status, 0, destroyed.stdout + destroyed.stderr);
    assert.match(destroyed.stdout, /Destroy complete! Resources: 8 destroyed\./);
    assert.equal(region.clusterProcess('tf'), undefined);
  } finally {
    await region.remove();
  }
});
